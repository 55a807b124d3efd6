"""The environment that Kamado runs in: a venv with exactly the packages of the lock, `python3 -m build.environment`.

    __main__.py        the command, for make, the build file and the image of the steps alike
    install.py         five stages: venv, installer, locked packages, consistency, the kernel of build/kernel
    pip_config.py      where this machine's pip finds packages, and whom it trusts, for uv as well
    requirements.txt   the lock of the installer itself

Nothing is resolved while it installs, so a release of tomorrow changes nothing. Standard library only: this package
runs before anything is installed.
"""
