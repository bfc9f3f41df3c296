package main

import (
	"encoding/json"
	"os"
	"regexp"
)

func main() {
	var input [2][]string
	json.NewDecoder(os.Stdin).Decode(&input)
	matches := make([][]bool, len(input[0]))
	for i, pattern := range input[0] {
		for _, sample := range input[1] {
			matches[i] = append(matches[i], regexp.MustCompile(pattern).MatchString(sample))
		}
	}
	json.NewEncoder(os.Stdout).Encode(matches)
}
