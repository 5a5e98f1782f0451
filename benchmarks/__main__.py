"""Print every benchmark."""

from benchmarks import quality, speed

print("## Speed (medians of whole processes, ours and the peer's in turn)\n")
speed.main()
print("\n## Quality\n")
quality.main()
