"""The words of each problem, by what it is about: Thai, English, Thai hint, English hint. Knows codes alone."""
