"""The service: a bundle behind REST, and a store of people's entries that it never loses."""
