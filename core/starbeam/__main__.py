"""The process of the command `starbeam`."""

import signal


def main() -> None:
    """Run the command line. While its modules load, Ctrl-C ends it without a traceback."""
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from starbeam.cli.group import main as run

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
