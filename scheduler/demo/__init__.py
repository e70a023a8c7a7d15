"""A made-up market, its people and one day of orders, for whoever wants to see the whole before they put in their own."""
