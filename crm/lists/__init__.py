"""What every list shares: columns, filters, orders, pages, named views, export. The lists themselves lie above."""
