"""The GPU: kernels built from the same plain sources as the CPU's loops. ``door`` says whether there is one."""
