"""From a bundle to a released image.

gate/         the checks that every bundle passes before it becomes an image
image/        a server base and one model layer, assembled, tested, attested and published
oci/          images, and the stores and registries that they are in
release/      numbered releases: promote, roll back, fetch
environment/  the venv that Kamado runs in
kernel/       the kernel that scores, compiled
settings.py   settings from the environment

This package is named as PyPA's `build` is, on purpose; inside this checkout `import build` is ours.
"""
