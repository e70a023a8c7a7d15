"""What people write to us: understood, decided on, answered.

    words       an event -> what was meant                       pure
    known       what the decision has to know                    reads rows
    decide      what was meant + what is known -> a decision     pure
    passing     of these, what coordinators are to read          pure
    answers     a decision's answers -> messages                 pure
    worker      works the stored events off, one after another; the only part that touches the world
    polling     fetches Telegram's updates where no webhook can reach us
    menus       which words a chat offers to tap, and brings chats to it

Knows rows and channels; plans nothing itself.
"""

from scheduler.inbox.menus import Menus, menus
from scheduler.inbox.polling import Fetched, poll
from scheduler.inbox.worker import Inbox

__all__ = ["Fetched", "Inbox", "Menus", "menus", "poll"]
