"""A drill: backup sets are restored into namespaces of their own, and the apps are asked for what they know."""
