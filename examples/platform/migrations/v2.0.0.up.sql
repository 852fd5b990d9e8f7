-- Deployments belong to a project from now on.
CREATE TABLE projects (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO projects (name) SELECT DISTINCT owner FROM deployments;
ALTER TABLE deployments ADD COLUMN project INTEGER REFERENCES projects (id);
UPDATE deployments SET project = (SELECT id FROM projects WHERE name = owner);
CREATE INDEX deployments_by_project ON deployments (project);
