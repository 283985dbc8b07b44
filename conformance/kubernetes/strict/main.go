// Decodes Kubernetes manifests as an API server with strict field validation does: an unknown or doubled field is an error.
// Arguments are YAML files; kinds that Kubernetes has not itself are named, not judged.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

func check(path string) (decoded int, faults int) {
	file, err := os.Open(path)
	if err != nil {
		fmt.Printf("%s: %v\n", path, err)
		return 0, 1
	}
	defer file.Close()
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme,
		json.SerializerOptions{Yaml: true, Strict: true})
	documents := yaml.NewYAMLReader(bufio.NewReader(file))
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return decoded, faults
		}
		if err != nil {
			fmt.Printf("%s: %v\n", path, err)
			return decoded, faults + 1
		}
		_, kind, err := strict.Decode(text, nil, nil)
		switch {
		case err == nil:
			decoded++
		case runtime.IsNotRegisteredError(err):
			fmt.Printf("%s: %v is no kind of Kubernetes itself\n", path, kind)
		default:
			fmt.Printf("%s: %v: %v\n", path, kind, err)
			faults++
		}
	}
}

func main() {
	decoded, faults := 0, 0
	for _, path := range os.Args[1:] {
		good, bad := check(path)
		decoded += good
		faults += bad
	}
	fmt.Printf("%d decoded, %d faults\n", decoded, faults)
	if faults > 0 {
		os.Exit(1)
	}
}
