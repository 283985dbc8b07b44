-- Groups of consumers, and upstreams with their targets.
ALTER TABLE gateway.entity DROP CONSTRAINT IF EXISTS entity_kind_check;
ALTER TABLE gateway.entity ADD CONSTRAINT entity_kind_check CHECK (kind IN (
  'services', 'routes', 'plugins', 'consumers', 'jwt_secrets',
  'acls', 'consumer_groups', 'consumer_group_consumers', 'upstreams', 'targets'
));
CREATE UNIQUE INDEX IF NOT EXISTS entity_traffic_name ON gateway.entity (kind, (body ->> 'name'))
  WHERE kind IN ('consumer_groups', 'upstreams');
