// The operator's and developer's tool: wiring only. What it does lives in the target `Operator`.
OperatorProgram.main()
