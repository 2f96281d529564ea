// The aggregator: wiring only. What it does lives in the target `Aggregator`.
AggregatorProgram.main()
