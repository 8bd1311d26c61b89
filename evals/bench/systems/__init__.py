"""One program for each system, all of them measured by `measuring`; peers run in an environment without Wenju."""
