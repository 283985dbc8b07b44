// Command go-client drives a registry with HashiCorp's own Go client and prints one line for each thing that worked.
// Usage: go run . http://127.0.0.1:8500
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/consul/api"
)

func must(err error, what string) {
	if err != nil {
		fmt.Printf("FAIL %s: %v\n", what, err)
		os.Exit(1)
	}
	fmt.Printf("ok %s\n", what)
}

func check(holds bool, what string) {
	if !holds {
		must(fmt.Errorf("it does not hold"), what)
	}
	fmt.Printf("ok %s\n", what)
}

// listen answers 200 on a free port and returns the port.
func listen() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err, "listen")
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })
	go func() { _ = http.Serve(listener, handler) }()
	return listener.Addr().(*net.TCPAddr).Port
}

func services(client *api.Client, name string) {
	port := listen()
	agent := client.Agent()
	must(agent.ServiceRegister(&api.AgentServiceRegistration{
		ID: name + "-1", Name: name, Address: "127.0.0.1", Port: port,
		Tags: []string{"go"}, Meta: map[string]string{"version": "1"},
		Check: &api.AgentServiceCheck{
			HTTP: fmt.Sprintf("http://127.0.0.1:%d/", port), Interval: "1s", Timeout: "1s",
			Header:                         map[string][]string{"X-Probe": {"1"}},
			DeregisterCriticalServiceAfter: "2m",
		},
	}), "service register")
	var index uint64
	for deadline := time.Now().Add(20 * time.Second); ; {
		entries, meta, err := client.Health().Service(name, "go", true, &api.QueryOptions{WaitIndex: index, WaitTime: 5 * time.Second})
		if err != nil || time.Now().After(deadline) {
			must(fmt.Errorf("not passing in time: %v", err), "health service, blocking")
		}
		if len(entries) == 1 {
			check(entries[0].Service.Port == port && entries[0].Checks.AggregatedStatus() == api.HealthPassing, "health service, blocking")
			check(meta.LastIndex > 0, "query meta")
			break
		}
		index = meta.LastIndex
	}
	must(agent.EnableServiceMaintenance(name+"-1", "works"), "maintenance on")
	entries, _, err := client.Health().Service(name, "", false, nil)
	must(err, "health service")
	check(len(entries) == 1, "one instance")
	must(agent.DisableServiceMaintenance(name+"-1"), "maintenance off")
	must(agent.CheckRegister(&api.AgentCheckRegistration{
		ID: name + "-ttl", Name: "ttl", ServiceID: name + "-1", AgentServiceCheck: api.AgentServiceCheck{TTL: "10s"},
	}), "check register")
	must(agent.UpdateTTL(name+"-ttl", "fine", api.HealthPassing), "check update")
	filtered, err := agent.ServicesWithFilter(fmt.Sprintf("Service == %q", name))
	must(err, "agent services with a filter")
	check(filtered[name+"-1"] != nil && filtered[name+"-1"].Port == port, "the filter finds the service")
	one, _, err := agent.Service(name+"-1", nil)
	must(err, "agent service")
	check(one.Service == name && one.Meta["version"] == "1", "agent service is what was registered")
	names, _, err := client.Catalog().Services(nil)
	must(err, "catalog services")
	check(len(names[name]) == 1, "catalog services has the tag")
	instances, _, err := client.Catalog().Service(name, "go", nil)
	must(err, "catalog service")
	check(len(instances) == 1 && instances[0].ServicePort == port, "catalog service has the port")
	must(agent.ServiceDeregister(name+"-1"), "service deregister")
}

func keys(client *api.Client, name string) {
	kv := client.KV()
	key := name + "/a"
	_, err := kv.Put(&api.KVPair{Key: key, Value: []byte("1"), Flags: 1<<64 - 1}, nil)
	must(err, "kv put")
	pair, meta, err := kv.Get(key, nil)
	must(err, "kv get")
	check(string(pair.Value) == "1" && pair.Flags == 1<<64-1, "kv value and flags")
	pair.Value = []byte("2")
	done, _, err := kv.CAS(pair, nil)
	must(err, "kv cas")
	check(done, "kv cas is taken")
	done, _, err = kv.CAS(pair, nil)
	must(err, "kv cas again")
	check(!done, "kv cas of an old index is refused")
	changed, next, err := kv.Get(key, &api.QueryOptions{WaitIndex: meta.LastIndex, WaitTime: 5 * time.Second})
	must(err, "kv get, blocking")
	check(string(changed.Value) == "2" && next.LastIndex > meta.LastIndex, "kv blocking sees the change")
	list, _, err := kv.Keys(name+"/", "/", nil)
	must(err, "kv keys")
	check(len(list) == 1 && list[0] == key, "kv keys are listed")
	missing, _, err := kv.Get(name+"/none", nil)
	must(err, "kv get of nothing")
	check(missing == nil, "kv nothing is nil")
	_, err = kv.DeleteTree(name+"/", nil)
	must(err, "kv delete tree")
}

func locks(client *api.Client, name string) {
	options := &api.LockOptions{Key: name + "/lock", SessionTTL: "10s", SessionName: name}
	lock, err := client.LockOpts(options)
	must(err, "lock")
	lost, err := lock.Lock(nil)
	must(err, "lock is taken")
	check(lost != nil, "lock tells when it is lost")
	other, err := client.LockOpts(&api.LockOptions{Key: name + "/lock", LockTryOnce: true, LockWaitTime: 500 * time.Millisecond})
	must(err, "second lock")
	taken, err := other.Lock(nil)
	must(err, "second lock waits")
	check(taken == nil, "second lock is not taken")
	must(lock.Unlock(), "unlock")
	taken, err = other.Lock(nil)
	must(err, "second lock again")
	check(taken != nil, "second lock is taken then")
	must(other.Unlock(), "second unlock")
	must(other.Destroy(), "lock destroy")
	id, _, err := client.Session().Create(&api.SessionEntry{Name: name, TTL: "20s", Behavior: api.SessionBehaviorDelete, LockDelay: time.Second}, nil)
	must(err, "session create")
	info, _, err := client.Session().Info(id, nil)
	must(err, "session info")
	check(info.TTL == "20s" && info.LockDelay == time.Second, "session is what was asked for")
	_, _, err = client.Session().Renew(id, nil)
	must(err, "session renew")
	_, err = client.Session().Destroy(id, nil)
	must(err, "session destroy")
}

func main() {
	config := api.DefaultConfig()
	config.Address = os.Args[1]
	client, err := api.NewClient(config)
	must(err, "client")
	name := fmt.Sprintf("go-%d", time.Now().UnixNano())
	node, err := client.Agent().NodeName()
	must(err, "agent self")
	check(node != "", "the node has a name")
	members, err := client.Agent().Members(false)
	must(err, "agent members")
	check(len(members) > 0, "there is a member")
	leader, err := client.Status().Leader()
	must(err, "status leader")
	check(leader != "", "there is a leader")
	services(client, name)
	keys(client, name)
	locks(client, name)
	fmt.Println("done")
}
