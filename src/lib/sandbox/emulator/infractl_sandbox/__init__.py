"""infractl's sandbox: MiniStack with what it lacks for deploying a whole system on one machine."""

# Every extension here reaches into MiniStack's inside, so it is right for one version only.
MINISTACK_VERSION = "1.5.33"
