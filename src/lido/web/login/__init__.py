"""The pages of a pool: signing in, signing up, recovering, and every challenge, for people with a browser."""
