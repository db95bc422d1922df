"""The AWS JSON 1.1 face: `POST /` with a target header, as every AWS SDK speaks it."""
