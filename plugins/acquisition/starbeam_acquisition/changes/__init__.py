"""What a beamline writes, one module for each kind."""
