"""What the assistant knows and where it stands: loading, splitting, embedding, storing, retrieving."""
