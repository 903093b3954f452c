"""What members and buyers send by the forms in pages: read, done, answered."""
