"""What members are told by mail: gathering the facts, finding the words, sending."""
