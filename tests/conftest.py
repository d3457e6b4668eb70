"""What holds for all tests: hypothesis waits for a machine that is slow or busy, and judges what it finds alone."""

from hypothesis import HealthCheck, settings

settings.register_profile("gdbench", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gdbench")
