"""Drives a registry with the Python client `consul` (py-consul or python-consul).
Usage: python3 python-client.py PORT [ARTICLE]; with the article's text beside it, its own registration is run as printed."""
import http.server
import sys
import threading

import consul


class Well(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def check(holds, what):
    print(f"{'ok' if holds else 'FAIL'} {what}")
    if not holds:
        sys.exit(1)


def wait_for(client, service):
    index, nodes = None, []
    for _ in range(20):
        index, nodes = client.health.service(service, passing=True, index=index, wait="2s")
        if nodes:
            break
    return nodes


def drive(client, port):
    url = f"http://127.0.0.1:{port}/health"
    probe = consul.Check.http(url, interval="1s", timeout="1s", deregister="2m", header={"X-Probe": ["1"]})
    client.agent.service.register(
        name="py-service", service_id="py-service-1", address="127.0.0.1", port=port, tags=["py"], check=probe
    )
    nodes = wait_for(client, "py-service")
    check(bool(nodes) and nodes[0]["Service"]["Port"] == port, "register, health, blocking")
    check(client.catalog.services()[1]["py-service"] == ["py"], "catalog services")
    check(len(client.catalog.service("py-service")[1]) == 1, "catalog service")
    check("py-service-1" in client.agent.services(), "agent services")
    client.agent.service.maintenance("py-service-1", "true", "works")
    check("_service_maintenance:py-service-1" in client.agent.checks(), "maintenance")
    client.agent.service.maintenance("py-service-1", "false")
    ttl = consul.Check.ttl("10s")
    client.agent.check.register("memory", check=ttl, check_id="py-memory", service_id="py-service-1")
    client.agent.check.ttl_pass("py-memory", "fine")
    check(client.agent.checks()["py-memory"]["Status"] == "passing", "heartbeat")
    check(client.agent.check.deregister("py-memory"), "check deregister")
    check(client.kv.put("py/a", "v", flags=7), "kv put")
    check(client.kv.get("py/a")[1]["Value"] == b"v", "kv get")
    check(client.kv.put("py/a", "w", cas=0) is False, "kv cas")
    check(client.kv.get("py/", keys=True)[1] == ["py/a"], "kv keys")
    session = client.session.create("py", ttl=20, behavior="delete", lock_delay=0)
    check(client.kv.put("py/lock", "x", acquire=session), "kv acquire")
    check(client.session.info(session)[1]["TTL"] == "20s", "session info")
    check(client.session.renew(session)["ID"] == session, "session renew")
    check(client.session.destroy(session) and client.kv.get("py/lock")[1] is None, "session destroy")
    check(client.kv.delete("py/", recurse=True), "kv delete")
    check(client.agent.service.deregister("py-service-1"), "service deregister")


def run_article(text, registry_port):
    """The article's registration names the host `consul`; the name is all that is changed."""
    block = text[text.index("import consul\nimport socket") :]
    block = block[: block.index("2.2 ")]
    real = consul.Consul

    class App:
        def on_event(self, _name):
            return lambda function: function

    consul.Consul = lambda host, port: real(host="127.0.0.1", port=registry_port)
    scope = {"app": App()}
    exec(compile(block, "article", "exec"), scope)
    scope["register_service"]()
    client = real(host="127.0.0.1", port=registry_port)
    found = [one for one in client.agent.services().values() if one["Service"] == "patient-service"]
    check(len(found) == 1 and found[0]["Port"] == 8000, "the article's registration as printed")
    client.agent.service.deregister(found[0]["ID"])


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Well)
threading.Thread(target=server.serve_forever, daemon=True).start()
registry_port = int(sys.argv[1])
drive(consul.Consul(host="127.0.0.1", port=registry_port), server.server_port)
if len(sys.argv) > 2:
    with open(sys.argv[2], encoding="utf-8") as article:
        run_article(article.read(), registry_port)
print("done")
