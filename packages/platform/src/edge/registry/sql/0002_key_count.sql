-- How many keys there are, kept beside the indexes: counting them at each new key would cost the more the more there are.
INSERT INTO registry.topic (topic, index) SELECT 'count/kv', count(*) FROM registry.kv;
