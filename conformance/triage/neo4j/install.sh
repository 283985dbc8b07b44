#!/bin/sh
# Fetches Neo4j Community 5.26 (GPL, with its libraries) from Maven Central into the given folder, default .neo4j/lib beside
# this script. Needs Maven and Java 17 or newer. The conformance test finds it there, or where NEO4J_HARNESS points.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lib=${1:-"$here/.neo4j/lib"}
mkdir -p "$lib"
mvn -q -B -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory="$lib" -DincludeScope=test
echo "Neo4j is in $lib"
