"""Identity pools: the operations of `cognito-identity`."""
