"""What the black-box tests stand on: programs, clients, faults and the oracle."""
