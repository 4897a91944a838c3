"""``python -m outreach.cli``: how this program starts its own parts as child processes."""

from outreach.cli.app import main

if __name__ == "__main__":
    main()
