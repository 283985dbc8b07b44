// Reads a compose file as Docker Compose does, with its own loader, and prints the resulting project as JSON.
// Arguments: the compose file, then env files in their order. Profiles come from COMPOSE_PROFILES in those.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func load(composeFile string, envFiles []string) ([]byte, error) {
	options, err := cli.NewProjectOptions([]string{composeFile},
		cli.WithEnvFiles(envFiles...), cli.WithDotEnv, cli.WithDefaultProfiles())
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}

func main() {
	text, err := load(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Stdout.Write(text)
}
