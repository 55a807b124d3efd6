# KFP ships no type information. These stubs have what Kamado uses of it, so that wrappers and graphs are checked too.
from kfp import compiler as compiler
from kfp import components as components
from kfp import dsl as dsl
from kfp import kubernetes as kubernetes
from kfp import local as local
