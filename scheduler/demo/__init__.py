"""A made-up market, its people and one day of orders: the whole, before anybody puts in their own."""
