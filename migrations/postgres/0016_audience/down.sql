DROP INDEX articles_audience;
