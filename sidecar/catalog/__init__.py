"""What is for sale and what it opens: levels, bundles, products, coupons."""
