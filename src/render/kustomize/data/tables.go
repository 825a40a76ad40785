// Writes merge-keys.txt: what kustomize's strategic merge asks of the OpenAPI document that kyaml embeds.
//
//	go mod init tables && go get sigs.k8s.io/kustomize/kyaml@v0.21.1 && go run . > merge-keys.txt
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

type field struct{ name, form, target, strategy, keys string }

func main() {
	root := openapi.Schema()
	openapi.IsNamespaceScoped(yaml.TypeMeta{})
	short := func(ref string) string { return strings.TrimPrefix(ref, "#/definitions/") }
	fields := map[string][]field{}
	var names []string
	describe := func(name string, s spec.Schema) (field, bool) {
		f := field{name: name}
		if r := s.Ref.String(); r != "" {
			f.form, f.target = "one", short(r)
			return f, true
		}
		if len(s.Type) == 1 && s.Type[0] == "array" {
			f.form, f.target = "list", "-"
			if s.Items != nil && s.Items.Schema != nil && s.Items.Schema.Ref.String() != "" {
				f.target = short(s.Items.Schema.Ref.String())
			} else if s.Items == nil || s.Items.Schema == nil || len(s.Items.Schema.Type) == 0 {
				fmt.Fprintln(os.Stderr, "odd list", name)
			} else if t := s.Items.Schema.Type[0]; t == "array" || t == "object" {
				fmt.Fprintln(os.Stderr, "nested", name, t)
			}
			if ps, ok := s.Extensions["x-kubernetes-patch-strategy"]; ok {
				f.strategy = ps.(string)
				if l, ok := s.Extensions["x-kubernetes-list-map-keys"]; ok {
					var ks []string
					for _, k := range l.([]interface{}) {
						ks = append(ks, k.(string))
					}
					f.keys = strings.Join(ks, ",")
				} else if k, ok := s.Extensions["x-kubernetes-patch-merge-key"]; ok {
					f.keys = k.(string)
				}
			}
			return f, true
		}
		if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
			if r := s.AdditionalProperties.Schema.Ref.String(); r != "" {
				f.form, f.target = "map", short(r)
				return f, true
			}
			return f, false
		}
		if len(s.Properties) > 0 {
			fmt.Fprintln(os.Stderr, "inline object", name)
		}
		return f, false
	}
	for n, d := range root.Definitions {
		names = append(names, n)
		for p, s := range d.Properties {
			if f, ok := describe(p, s); ok {
				fields[n] = append(fields[n], f)
			}
		}
		if d.AdditionalProperties != nil && d.AdditionalProperties.Schema != nil {
			fmt.Fprintln(os.Stderr, "definition with additionalProperties", n)
		}
	}
	sort.Strings(names)
	merges := func(f field) bool {
		for _, s := range strings.Split(f.strategy, ",") {
			if f.form == "list" && s == "merge" {
				return true
			}
		}
		return false
	}
	interesting := map[string]bool{}
	for changed := true; changed; {
		changed = false
		for _, n := range names {
			if interesting[n] {
				continue
			}
			for _, f := range fields[n] {
				if merges(f) || interesting[f.target] {
					interesting[n], changed = true, true
					break
				}
			}
		}
	}
	fmt.Println("# What strategic merge patches need of Kubernetes' own types, from the OpenAPI document v1.21.2 that kyaml 0.21.1 embeds.")
	fmt.Println("# Written by tables.go beside this file (go run .); do not edit. Lists that merge and what leads to them:")
	fmt.Println("# `type NAME`, then `field one|map|list TYPE [strategy [keys]]`; `kind apiVersion Kind TYPE`; `scope apiVersion Kind cluster|namespaced`.")
	for _, n := range names {
		if !interesting[n] {
			continue
		}
		fmt.Println("type", n)
		fs := fields[n]
		sort.Slice(fs, func(i, j int) bool { return fs[i].name < fs[j].name })
		for _, f := range fs {
			if merges(f) || interesting[f.target] {
				t := f.target
				if t != "-" && !interesting[t] {
					t = "-"
				}
				fmt.Println(strings.TrimRight(fmt.Sprintf("  %s %s %s %s %s", f.name, f.form, t, f.strategy, f.keys), " "))
			}
		}
	}
	var kinds, scopes []string
	for _, n := range names {
		gvks, _ := root.Definitions[n].Extensions["x-kubernetes-group-version-kind"].([]interface{})
		for _, e := range gvks {
			m := e.(map[string]interface{})
			av := m["version"].(string)
			if g, _ := m["group"].(string); g != "" {
				av = g + "/" + av
			}
			k := m["kind"].(string)
			if interesting[n] {
				kinds = append(kinds, fmt.Sprintf("kind %s %s %s", av, k, n))
			}
			if ns, ok := openapi.IsNamespaceScoped(yaml.TypeMeta{APIVersion: av, Kind: k}); ok {
				w := "cluster"
				if ns {
					w = "namespaced"
				}
				scopes = append(scopes, fmt.Sprintf("scope %s %s %s", av, k, w))
			}
		}
	}
	for _, l := range [][]string{kinds, scopes} {
		sort.Strings(l)
		for _, s := range l {
			fmt.Println(s)
		}
	}
}
