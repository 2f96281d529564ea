// The collector: wiring only. What it does lives in the target `Collector`.
CollectorProgram.main()
