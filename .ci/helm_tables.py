"""What the chart must refuse, and what the checks of the chart must notice."""

POD = ("spec", "template", "spec")
CONTAINER = POD + ("containers", 0)
LABELS = ("spec", "template", "metadata", "labels")
ANNOTATIONS = ("spec", "template", "metadata", "annotations")

# What is said, the values, the kind, the place, and what must stand there; None for nothing at all.
SAID = [
    ("no resources", "native-minimal", "Deployment", CONTAINER + ("resources",), None),
    ("a limit of memory that is not given", "native-everything", "Deployment", CONTAINER + ("resources", "limits", "memory"), "4736Mi"),
    ("nodes of another kind", "native-everything", "Deployment", POD + ("nodeSelector",), {"kubernetes.io/arch": "arm64", "pictures": "fast"}),
    ("a cache that is safe to lose", "native-minimal", "Deployment",
     ANNOTATIONS + ("cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes",), "cache"),
    ("busy workers", "native-everything", "HorizontalPodAutoscaler", ("spec", "metrics", 0, "resource", "target"),
     {"type": "AverageValue", "averageValue": "2000m"}),
    ("more variables", "native-everything", "Deployment", CONTAINER + ("env", 2), {"name": "CUTOUT_MODELS", "value": "/models"}),
    ("labels of pods", "native-everything", "Deployment", LABELS + ("team",), "pictures"),
    ("the chart's labels in place of others", "native-everything", "Deployment", LABELS + ("app.kubernetes.io/name",), "pictures"),
    ("annotations of pods", "native-everything", "Deployment", ANNOTATIONS + ("example.com/team",), "pictures"),
    ("a cache that pods share", "native-everything", "Deployment", POD + ("volumes", 0),
     {"name": "cache", "persistentVolumeClaim": {"claimName": "host-images"}}),
    ("which they may write to", "native-everything", "Deployment", POD + ("securityContext", "fsGroup"), 65532),
    ("and which keeps its modes", "native-everything", "Deployment", POD + ("securityContext", "fsGroupChangePolicy"), "OnRootMismatch"),
    ("annotations of the Service", "native-everything", "Service", ("metadata", "annotations"), {"example.com/internal": "true"}),
    ("who may ask for metrics", "native-everything", "NetworkPolicy", ("spec", "ingress", 1, "from", 0, "namespaceSelector"),
     {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}),
    ("KEDA in place of an autoscaler", "wasmcloud-http", "ScaledObject", ("spec", "triggers", 0, "type"), "prometheus"),
    ("replicas that are left to KEDA", "wasmcloud-http", "WorkloadDeployment", ("spec", "replicas"), None),
]

# What a chart on wasmCloud has to be told, and a metric.
IMAGES = {"wasmcloud": {"http": {"image": {"repository": "http"}}, "worker": {"image": {"repository": "worker"}}}}
METRIC = {"type": "External", "external": {"metric": {"name": "x"}, "target": {}}}

NATIVE = {"mode": "native", "native": {"image": {"repository": "x"}}}


def scaled(cpu, utilization):
    """Values of two workers with a limit of cpu, unless that is None, and an autoscaler."""
    resources = {"limits": {} if cpu is None else {"cpu": cpu}}
    return {"mode": "native", "native": NATIVE["native"] | {"resources": resources}, "autoscaling": {"enabled": True, "cpuUtilization": utilization}}


# The values that are taken, though ones next to them are refused.
TAKEN = [
    ("a target that a pod just reaches", scaled("727m", 33)),
    ("nine tenths of all cores", scaled(None, 90)),
    ("all cores where nothing limits a pod", NATIVE | {"native": NATIVE["native"] | {"resources": {"limits": None}},
                                                       "autoscaling": {"enabled": True, "cpuUtilization": 100}}),
    ("images and metrics for some", NATIVE | {"networkPolicy": {"from": [{"podSelector": {}}], "metricsFrom": [{"podSelector": {}}]}}),
]

# What is wrong, the values, and words of the refusal.
REFUSED = [
    ("an unknown value", {"replica": 2}, "additional properties 'replica' not allowed"),
    ("an unknown value further down", {"native": {"worker": 2}}, "additional properties 'worker' not allowed"),
    ("an unknown value of an image", {"native": {"image": {"name": "x"}}}, "additional properties 'name' not allowed"),
    ("an unknown mode", {"mode": "docker"}, "'/mode': value must be one of 'wasmcloud', 'native'"),
    ("a negative number of replicas", {"replicas": -1}, "'/replicas': minimum: got -1, want 0"),
    ("half a replica", {"replicas": 1.5}, "'/replicas': got number, want integer"),
    ("a number in words", {"replicas": "two"}, "'/replicas': got string, want integer"),
    ("a switch in words", {"ingress": {"enabled": "yes"}}, "'/ingress/enabled': got string, want boolean"),
    ("a host with a scheme", {"host": "https://cutout.example.com"}, "'/host': 'https://cutout.example.com' does not match"),
    ("more megapixels than the program takes", {"limits": {"maxPixelsMP": 2000}}, "maximum: got 2,000, want 1,000"),
    ("no room for a byte", {"limits": {"maxBytesMiB": 0}}, "minimum: got 0, want 1"),
    ("a payload beyond NATS", {"wasmcloud": {"worker": {"maxPayloadMiB": 65}}}, "maximum: got 65, want 64"),
    ("a worker without a subject", {"wasmcloud": {"worker": {"subjects": []}}}, "minItems: got 0, want 1"),
    ("two subjects in one", {"wasmcloud": {"worker": {"subjects": ["a,b"]}}}, "'a,b' does not match pattern"),
    ("an unknown policy", {"wasmcloud": {"deployPolicy": "Rolling"}}, "value must be one of 'RollingUpdate', 'Recreate'"),
    ("an image with spaces", {"native": {"image": {"repository": "my image"}}}, "'my image' does not match pattern"),
    ("memory without a unit that exists", {"native": {"resources": {"limits": {"memory": "1GB"}}}}, "'1GB' does not match"),
    ("a port beyond all", {"service": {"port": 70000}}, "maximum: got 70,000, want 65,535"),
    ("a metric of pods", {"autoscaling": {"metrics": [{"type": "Resource"}]}}, "value must be one of 'External', 'Object'"),
    ("a metric without a body", {"autoscaling": {"metrics": [{"type": "External"}]}}, "missing property 'external'"),
    ("a metric with another's body", {"autoscaling": {"metrics": [{"type": "Object", "external": {}}]}}, "missing property 'object'"),
    ("a metric without a target", {"autoscaling": {"metrics": [{"type": "External", "external": {"metric": {}}}]}}, "missing property 'target'"),
    ("less than nothing", {"native": {"resources": {"limits": {"cpu": -0.5}}}}, "minimum: got -0.5, want 0"),
    ("half a digest", {"native": {"image": {"tag": "1@sha256:00"}}}, "'1@sha256:00' does not match pattern"),
    ("a name that no Service has", {"fullnameOverride": "my.cutout"}, "'my.cutout' does not match pattern"),
    ("a name that begins with a digit", {"fullnameOverride": "2cutouts"}, "'2cutouts' does not match pattern"),
    ("a name too long", {"fullnameOverride": "a" * 64}, "does not match pattern"),
    ("a label too long", {"nameOverride": "a" * 64}, "does not match pattern"),
    ("everyone may go", {"podDisruptionBudget": {"maxUnavailable": "101%"}}, "'/podDisruptionBudget/maxUnavailable'"),
    ("nothing to run", {"wasmcloud": {"http": {"enabled": False}, "worker": {"enabled": False}}}, "nothing to run"),
    ("fewer at most than at least", IMAGES | {"autoscaling": {"enabled": True, "minReplicas": 9, "maxReplicas": 3}}, "is below"),
    ("a route from nowhere", IMAGES | {"httpRoute": {"enabled": True}}, "httpRoute.enabled needs httpRoute.parentRefs"),
    ("scaling workloads by CPU", IMAGES | {"autoscaling": {"enabled": True}}, "a workload is not a pod, so Kubernetes cannot measure its CPU"),
    ("a target that no pod reaches", scaled("726m", 33), "acts above 1.1 times 660m of CPU, and each pod ends at 726m"),
    ("the same in whole cores", scaled(1, 50), "acts above 1.1 times 1000m of CPU, and each pod ends at 1 "),
    ("a target of all cores without a limit", scaled(None, 100), "acts above 1.1 times 2000m of CPU, and each pod ends at 2 "),
    ("a target of nearly all of them", scaled(None, 91), "acts above 1.1 times 1820m of CPU, and each pod ends at 2 "),
    ("two autoscalers", IMAGES | {"autoscaling": {"enabled": True, "metrics": [METRIC], "kedaTriggers": [{"type": "cron", "metadata": {}}]}},
     "would be two autoscalers of one number"),
    ("a trigger without its settings", {"autoscaling": {"kedaTriggers": [{"type": "cron"}]}}, "missing property 'metadata'"),
    ("a trigger with a number", {"autoscaling": {"kedaTriggers": [{"type": "x", "metadata": {"threshold": 2}}]}}, "got number, want string"),
    ("no image", {}, "no image is named: set wasmcloud.http.image.repository to the image that you have pushed"),
    ("no image of the worker", {"wasmcloud": {"http": {"image": {"repository": "x"}}}}, "set wasmcloud.worker.image.repository"),
    ("no image natively", {"mode": "native"}, "set native.image.repository"),
    ("a variable that has a value of its own", {"native": {"extraEnv": [{"name": "CUTOUT_TOKEN", "value": "x"}]}}, "'/native/extraEnv/0/name'"),
    ("a variable that a flag is read from", {"native": {"extraEnv": [{"name": "WORKERS", "value": "9"}]}}, "'/native/extraEnv/0/name'"),
    ("metrics for everybody beside images for some", NATIVE | {"networkPolicy": {"from": [{"podSelector": {}}]}},
     "everybody could still ask for metrics: set networkPolicy.metricsFrom"),
    ("a variable without a name", {"native": {"extraEnv": [{"value": "x"}]}}, "missing property 'name'"),
    ("a label that is a number", {"native": {"podLabels": {"a": 1}}}, "'/native/podLabels/a': got number, want string"),
]

# What is wrong, the values it is rendered from, the kind, the place, and what is put there. These need wasmCloud's schemas.
SPOILED_WORKLOADS = [
    ("an unknown field of a workload", "wasmcloud-default", "WorkloadDeployment", POD + ("pool",), 1),
    ("an unknown field of a component", "wasmcloud-default", "WorkloadDeployment", POD + ("components", 0, "memory"), "1Gi"),
    ("a number in an environment", "wasmcloud-default", "WorkloadDeployment",
     POD + ("components", 1, "localResources", "environment", "config", "CUTOUT_SLOTS"), 2),
    ("a component without an image", "wasmcloud-default", "WorkloadDeployment", POD + ("components", 0), {"name": "http"}),
    ("a host that is an address", "wasmcloud-default", "WorkloadDeployment",
     POD + ("components", 0, "localResources", "allowedHosts"), ["https://example.com/path"]),
]

SPOILED = [
    ("a Service that is not there", "wasmcloud-default", "WorkloadDeployment", ("spec", "kubernetes", "service", "name"), "x"),
    ("no interface for the worker", "wasmcloud-default", "WorkloadDeployment", POD + ("hostInterfaces", 1), {"package": "x"}),
    ("a selector on wasmCloud", "wasmcloud-default", "Service", ("spec", "selector"), {"a": "b"}),
    ("a port of another name", "wasmcloud-default", "Service", ("spec", "ports", 0, "name"), "web"),
    ("an unknown field of a container", "native-minimal", "Deployment", CONTAINER + ("memory",), "1Gi"),
    ("a probe of another kind", "native-minimal", "Deployment", CONTAINER + ("readinessProbe", "get"), "/readyz"),
    ("pods that nothing selects", "native-minimal", "Deployment", ("spec", "selector", "matchLabels"), {"a": "b"}),
    ("a ConfigMap that is not there", "native-minimal", "ConfigMap", ("metadata", "name"), "x"),
    ("a budget for other pods", "native-everything", "PodDisruptionBudget", ("spec", "selector", "matchLabels"), {"a": "b"}),
    ("a policy for other pods", "native-everything", "NetworkPolicy", ("spec", "podSelector", "matchLabels"), {"a": "b"}),
    ("replicas beside an autoscaler", "native-everything", "Deployment", ("spec", "replicas"), 2),
    ("a route to another Service", "native-everything", "HTTPRoute", ("spec", "rules", 0, "backendRefs", 0, "name"), "x"),
    ("metrics beside the images", "native-everything", "Service", ("spec", "ports", 0, "targetPort"), "metrics"),
    ("a monitor of the images", "native-everything", "ServiceMonitor", ("spec", "endpoints", 0, "port"), "http"),
    ("metrics where nothing listens", "native-minimal", "Deployment", CONTAINER + ("ports", 1, "containerPort"), 7002),
    ("replicas beside KEDA", "wasmcloud-http", "WorkloadDeployment", ("spec", "replicas"), 2),
    ("KEDA for nothing", "wasmcloud-http", "ScaledObject", ("spec", "scaleTargetRef", "name"), "x"),
    ("a monitor of other pods", "native-everything", "ServiceMonitor", ("spec", "selector", "matchLabels"), {"a": "b"}),
    ("an autoscaler of nothing", "wasmcloud-everything", "HorizontalPodAutoscaler", ("spec", "scaleTargetRef", "name"), "x"),
    ("an Ingress to another name", "wasmcloud-everything", "Ingress", ("spec", "rules", 0, "host"), "x.example.com"),
]
