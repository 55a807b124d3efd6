#!/bin/sh
# Kamado's command line, for the checkout that this environment is in. Set-up copies it to .venv/bin/kamado.
bin=$(dirname -- "$0")
[ -x "$bin/python" ] || bin=$(dirname -- "$(readlink -f -- "$0")") # started by a link from elsewhere
root=$(cd -- "$bin/../.." && pwd)
# A module of the current folder may have the name of one of Kamado's.
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" PYTHONSAFEPATH=1
# Python answers an interrupt of its own start with a traceback; cli/__main__.py takes what is held back here.
hold=$(env --block-signal=INT true 2>/dev/null && echo "env --block-signal=INT")
exec $hold "$bin/python" -m cli "$@"
