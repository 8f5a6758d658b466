"""What calls cost: the price book, the user's prices, and the SQL that turns quantities into money."""
