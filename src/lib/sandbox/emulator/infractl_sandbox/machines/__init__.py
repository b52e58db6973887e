"""EC2 instances that are real machines: containers with systemd, sshd, nginx, Python and git."""
