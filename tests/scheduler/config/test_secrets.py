"""Secrets come from the environment, directly or by a file, and a channel that lacks one is told by name."""

from pathlib import Path

from scheduler.config import missing_secrets, parse, read_secret

LINE = {"SONGSUK_LINE_CHANNEL_ACCESS_TOKEN": "t", "SONGSUK_LINE_CHANNEL_SECRET": "s"}


def test_the_sample_needs_none(sample: str) -> None:
    """The console asks for nothing."""
    assert missing_secrets(parse(sample), {}) == []


def test_each_missing_variable_is_named_at_its_channel(minimal: str) -> None:
    """One problem for each variable, at the channel's line, in both languages; `config check` does not need them."""
    config = parse(minimal + "channels:\n  line: {}\n  telegram: {updates: webhook}\n")
    problems = missing_secrets(config, {"SONGSUK_LINE_CHANNEL_SECRET": "x"}, file="bandon.yaml")
    assert [(p.code, p.path, p.line) for p in problems] == [
        ("secret.missing", "channels.line", 21),
        ("secret.missing", "channels.telegram", 22),
        ("secret.missing", "channels.telegram", 22),
    ]
    assert {problem.file for problem in problems} == {"bandon.yaml"}
    assert "SONGSUK_LINE_CHANNEL_ACCESS_TOKEN" in problems[0].text("th")
    assert "SONGSUK_TELEGRAM_WEBHOOK_SECRET" in problems[2].text("en")


def test_polling_needs_no_webhook_secret(minimal: str) -> None:
    """Without a webhook the bot's token is enough."""
    config = parse(minimal + "channels: {telegram: {updates: polling}}\n")
    assert missing_secrets(config, {"SONGSUK_TELEGRAM_BOT_TOKEN": "t"}) == []


def test_a_secret_may_stand_in_a_file(tmp_path: Path, minimal: str) -> None:
    """`NAME_FILE` names it; an empty or unreadable file is no secret."""
    (tmp_path / "token").write_text("t0ken\n")
    (tmp_path / "empty").write_text("\n")
    secret = read_secret("X", {"X_FILE": str(tmp_path / "token")})
    assert secret is not None
    assert secret.get_secret_value() == "t0ken"
    assert "t0ken" not in repr(secret)
    assert read_secret("X", {"X_FILE": str(tmp_path / "empty")}) is None
    config = parse(minimal + "channels: {line: {}}\n")
    broken = {"SONGSUK_LINE_CHANNEL_ACCESS_TOKEN_FILE": str(tmp_path / "none"), "SONGSUK_LINE_CHANNEL_SECRET": "s"}
    assert [problem.code for problem in missing_secrets(config, broken)] == ["secret.unreadable"]
    assert missing_secrets(config, LINE) == []
