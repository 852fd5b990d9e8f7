-- The owner of a deployment was never taken away, so nothing is lost.
DROP INDEX deployments_by_project;
ALTER TABLE deployments DROP COLUMN project;
DROP TABLE projects;
