"""A run of a compiled pipeline on this machine.

run.py                one training, from request to outcome
local_settings.py     what is compiled in here
run_dir.py            OUT, the folder of results
subprocess_runner.py  the pipeline as a process group; runner.py is that process
threads.py            how many threads the libraries of steps have, and how they wait
containers.py         steps as containers: what they see of this machine; steps_image.py is what they are made of
docker_runner.py      KFP's runner of them, with its exit codes put right
events.py             what its steps report
progress.py           the same on the screen
run_log.py            the same in run.log
summary.py            the screen at the end of a run
"""
