DROP INDEX article_bodies_sitemap;
