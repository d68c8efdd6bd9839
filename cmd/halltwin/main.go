package main

import "os"

func main() { os.Exit(newProcess().run(os.Args[1:])) }
