"""What a model must beat: rules that teams use, published scores, other learners on the same features."""
