"""What HTTP needs: pages, parameters, errors, logs, health and the API document."""
